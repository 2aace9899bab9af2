-- Chooses the cluster of a request. Each route of the hub is a cluster named "r:" .. routespec, so the cluster table is the
-- route table. The longest routespec that is a prefix of the request's path, on segment boundaries, is found by looking up
-- shorter and shorter prefixes.
--
-- The control plane puts three constants before this text: HOST_ROUTING (boolean), MAX_SEGMENTS and MAX_BYTES. No routespec
-- in the table exceeds the two limits, so the walk is short, and bounded for a hostile path.
--
-- This runs for every request. Searches for plain text cost a tenth of those for patterns, each call of Envoy as much as
-- ten searches, and no table is made.
local byte, find, sub = string.byte, string.find, string.sub

-- Each request leaves some garbage, and little else is kept. With Lua's default of 200 a third of the collector's work was to
-- go through what is kept; with this a worker's Lua takes a megabyte.
collectgarbage("setpause", 1000)

local SLASH = byte("/")

-- Decodes a path without a query: resolves dot segments, then percent-encoding.
local function decoded(path)
  path = path:gsub("\\", "/")
  if path:find("/%.") or path:find("/%%2[eE]") then
    local kept = {}
    for segment in (path .. "/"):gmatch("([^/]*)/") do
      local plain = segment:gsub("%%2[eE]", ".")
      if plain == ".." then
        -- kept[1] is the empty string before the leading slash
        if #kept > 1 then kept[#kept] = nil end
      elseif plain ~= "." then
        kept[#kept + 1] = segment
      end
    end
    path = table.concat(kept, "/")
  end
  return (path:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

-- The path in the form of routespecs, with one leading slash, and where it ends: a query may follow. It is only used for
-- comparing; the upstream gets the client's spelling.
local function comparable(path)
  local query = find(path, "?", 1, true)
  local last = query and query - 1 or #path
  if find(path, "%", 1, true) or find(path, "\\", 1, true) or find(path, "/.", 1, true) then
    path = decoded(sub(path, 1, last))
    last = #path
  end
  if byte(path) == SLASH and byte(path, 2) ~= SLASH then return path, last end
  path = "/" .. sub(path, 1, last):match("^/*(.*)$")
  return path, #path
end

-- The host without its port, in lower case: the first segment of a routespec under --host-routing.
local function host_of(authority)
  return (authority:match("^%[[^%]]*%]") or authority:match("^[^:]*")):lower()
end

-- The name of the longest prefix with a cluster, of those that contain the segment that begins at `from`: the next one, and
-- up to `more` after it.
local function longest(route, path, last, from, more)
  local slash = find(path, "/", from, true)
  if slash and slash > last then slash = nil end
  local till = slash and slash - 1 or last
  if till > MAX_BYTES then return nil end
  local longer = slash and more > 0 and longest(route, path, last, slash + 1, more - 1)
  if longer then return longer end
  local name = "r:" .. sub(path, 1, till)
  return route:getCluster(name) and name
end

function envoy_on_route(route)
  local headers = route:headers()
  local path, last = comparable(headers:get(":path") or "/")
  if HOST_ROUTING then
    path = "/" .. host_of(headers:get(":authority") or "") .. sub(path, 1, last)
    last = #path
  end
  return longest(route, path, last, 2, MAX_SEGMENTS - 1) or "r:/"
end
