"""Records of old months leave the database, and the books still balance."""
