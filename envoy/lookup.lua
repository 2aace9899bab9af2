-- Chooses the cluster of a request. Each route of the hub is a cluster named "r:" .. routespec, so the cluster table is the
-- route table. The longest routespec that is a prefix of the request's path, on segment boundaries, is found by looking up
-- shorter and shorter prefixes.
--
-- The control plane puts three constants before this text: HOST_ROUTING (boolean), MAX_SEGMENTS and MAX_BYTES. No routespec
-- exceeds the two limits, so a hostile path costs a bounded walk.

-- The path in the form of routespecs: without query, dot segments or percent-encoding. It is only used for comparing; the
-- upstream gets the client's spelling.
local function decoded(target)
  local path = target:match("^[^?#]*")
  if not path:find("[%%\\]") and not path:find("/.", 1, true) then
    return path
  end
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

-- The host without its port, in lower case: the first segment of a routespec under --host-routing.
local function host_of(authority)
  return (authority:match("^%[[^%]]*%]") or authority:match("^[^:]*")):lower()
end

function envoy_on_route(route)
  local headers = route:headers()
  local path = decoded(headers:get(":path") or "/")
  if HOST_ROUTING then
    path = "/" .. host_of(headers:get(":authority") or "") .. "/" .. path:match("^/*(.*)$")
  else
    path = "/" .. path:match("^/*(.*)$")
  end

  -- Where each prefix ends, shortest first.
  local ends, from = {}, 2
  while #ends < MAX_SEGMENTS do
    local slash = path:find("/", from, true)
    local last = (slash or #path + 1) - 1
    if last > MAX_BYTES then break end
    ends[#ends + 1] = last
    if not slash then break end
    from = slash + 1
  end

  for i = #ends, 1, -1 do
    local name = "r:" .. path:sub(1, ends[i])
    if route:getCluster(name) then return name end
  end
  return "r:/"
end
