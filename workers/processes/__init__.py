"""The processes of the system: their table, who watches them on one machine, and the commands that start them."""
