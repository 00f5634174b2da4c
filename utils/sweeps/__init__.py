"""Many runs of attack.py from one grid: which cells there are, which are left, who runs them."""
