"""Normal forms: what people type, in the one spelling that rules and keys compare; pure, cached, offline."""
