"""One run: flags -> configuration -> data -> source -> attack loop -> PNGs -> judge -> tables."""
