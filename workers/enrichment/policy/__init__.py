"""Pure enrichment: what a submission says, what providers found, and the one sheet of facts that rules decide by."""
