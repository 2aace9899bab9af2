-- For wrk: requests for routes in turn. After `--` on its command line: the name of a header, then for each request its path
-- and the header's value.
local requests = {}
local at = 0

function init(args)
  for i = 2, #args, 2 do
    requests[#requests + 1] = wrk.format("GET", args[i], { [args[1]] = args[i + 1] })
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end
