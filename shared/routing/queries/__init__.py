"""One function per statement: what the decisions need to know, under the locks of the house."""
