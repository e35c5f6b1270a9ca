"""The spool: what was accepted and is not indexed yet, in synced append files."""
