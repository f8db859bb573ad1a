"""The rules of telling: what becomes one message, to which address, in which words, and what happens when it fails."""
