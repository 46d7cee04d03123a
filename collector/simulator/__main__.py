"""`python -m collector.simulator`."""

from collector.simulator import main

raise SystemExit(main())
