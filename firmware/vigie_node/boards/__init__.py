"""A file for each kind of board; ``board`` says what they have in common."""
