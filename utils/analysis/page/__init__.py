"""One self-contained HTML page of finished runs."""
