"""One file for each way of telling. Each turns what its library fails by into one line without secrets."""
