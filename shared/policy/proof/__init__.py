"""The proof: over every combination of facts, which rule takes a lead, decided exactly and shown with real leads."""
