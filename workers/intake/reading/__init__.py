"""Files as people have them: lines and tables, read in constant memory, with the place of whatever is wrong."""
