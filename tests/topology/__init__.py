"""Production as processes: two web servers behind a balancer, three workers, one storage."""
