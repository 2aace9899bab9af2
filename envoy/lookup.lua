-- Chooses the cluster of a request. Each route of the hub is a cluster named "r:" .. routespec, so the cluster table is the
-- route table. The longest routespec that is a prefix of the request's path, on segment boundaries, is found by looking up
-- shorter and shorter prefixes.
--
-- The control plane puts three constants before this text: HOST_ROUTING (boolean), MAX_SEGMENTS and MAX_BYTES. No routespec
-- exceeds the two limits, so a hostile path costs a bounded walk.
--
-- This runs for every request. Searches for plain text cost a tenth of those for patterns, and no table is made.
local byte, find, sub = string.byte, string.find, string.sub
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

-- The path in the form of routespecs, with one leading slash. It is only used for comparing; the upstream gets the client's
-- spelling.
local function comparable(path)
  local query = find(path, "?", 1, true)
  if query then path = sub(path, 1, query - 1) end
  if find(path, "%", 1, true) or find(path, "\\", 1, true) or find(path, "/.", 1, true) then path = decoded(path) end
  if byte(path) == SLASH and byte(path, 2) ~= SLASH then return path end
  return "/" .. path:match("^/*(.*)$")
end

-- The host without its port, in lower case: the first segment of a routespec under --host-routing.
local function host_of(authority)
  return (authority:match("^%[[^%]]*%]") or authority:match("^[^:]*")):lower()
end

-- Where the longest prefix ends that may be a routespec, in a text whose path begins at the third byte.
local function longest_prefix(name)
  local last, from = 2, 4
  for _ = 1, MAX_SEGMENTS do
    local slash = find(name, "/", from, true)
    local till = (slash or #name + 1) - 1
    if till > MAX_BYTES + 2 then return last end
    last = till
    if not slash then return last end
    from = slash + 1
  end
  return last
end

function envoy_on_route(route)
  local headers = route:headers()
  local name = "r:" .. comparable(headers:get(":path") or "/")
  if HOST_ROUTING then name = "r:/" .. host_of(headers:get(":authority") or "") .. sub(name, 3) end

  local last = longest_prefix(name)
  while last > 3 do
    local prefix = sub(name, 1, last)
    if route:getCluster(prefix) then return prefix end
    -- To the end of the prefix that has one segment less.
    while byte(name, last) ~= SLASH do last = last - 1 end
    last = last - 1
  end
  return "r:/"
end
