"""Controllers: what turns a person's intent into jobs and their events into what widgets show."""
