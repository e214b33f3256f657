# A formula whose value takes for ever.
update_tau = "9**9**9**9**9**9 + mean(r)"
