"""burnin: the whole life of instances, step by step, to try out a cluster before it is used."""
