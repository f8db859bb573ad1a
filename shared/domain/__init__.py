"""Nouns and pure laws of lead routing; standard library only."""
