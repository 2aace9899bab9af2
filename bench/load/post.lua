-- For wrk: sends a body of as many bytes as the first argument after `--` says.
function init(args)
  wrk.method = "POST"
  wrk.body = string.rep("x", tonumber(args[1]))
end
