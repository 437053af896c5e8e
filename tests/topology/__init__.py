"""What production runs, as processes: two webs behind a balancer, three workers, one storage."""
