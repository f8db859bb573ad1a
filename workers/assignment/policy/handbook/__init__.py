"""A policy as a page that people read: what outranks what, who gets what, and what happens if nobody acts."""
