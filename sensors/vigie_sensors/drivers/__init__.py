"""The drivers, one file each: a file that ends in ``DRIVER`` is a driver."""
