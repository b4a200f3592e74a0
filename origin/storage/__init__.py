"""origin/storage."""
