"""From finished runs to tables, figures and a page. Runs no network and imports no TensorFlow."""
