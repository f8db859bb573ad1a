"""Who is asked about companies: the bundled list of listed companies, and vendors over HTTP, behind one protocol."""
