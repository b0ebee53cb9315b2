"""How many participants and trials a planned experiment needs: simulated experiments of many sizes, each fitted."""
