"""One lead per person; the account and its open opportunity are found."""
