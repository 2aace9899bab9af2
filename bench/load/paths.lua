-- For wrk: asks for the paths that follow `--` on its command line, one after the other and over again.
local requests = {}
local at = 0

function init(paths)
  for i, path in ipairs(paths) do
    requests[i] = wrk.format("GET", path)
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end
