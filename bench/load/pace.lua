-- For wrk: asks for paths in turn, each connection at moments of its own. On the command line after `--`: how many
-- milliseconds a connection waits before a request, in the mean, then the paths.
local requests = {}
local at, mean = 0, 0

function init(args)
  mean = tonumber(args[1])
  for i = 2, #args do
    requests[i - 1] = wrk.format("GET", args[i])
  end
end

-- Independent users ask at random moments: the waits are distributed exponentially.
function delay()
  return -mean * math.log(1 - math.random())
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(_, latency)
  io.write(("Within us: %d %d %d\n"):format(latency:percentile(50), latency:percentile(99), latency:percentile(99.9)))
end
