"""The planner's programs: hail, hbal, hspace, hcheck, hinfo, hroller, hsqueeze, hscan, harep."""
