"""What all rooms share; it never imports them."""
