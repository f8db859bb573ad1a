"""How an owner is chosen: the same code routes live, previews one lead, rehearses history and plans a bulk move."""
