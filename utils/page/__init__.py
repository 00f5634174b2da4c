"""One image attacked while somebody looks on: what the page in the browser computes and shows."""
