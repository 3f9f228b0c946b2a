"""How a network is trained: recipe, engines, the loop, runs that go on, evaluation."""
