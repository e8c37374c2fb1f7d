"""What the gateway knows in the forms of other programs: text in, or values in and text out; pure, a module each."""
