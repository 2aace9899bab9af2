-- Converts a request's path into the form that the backend gets: resolves dot segments, so that no path leaves the target's
-- path, and escapes characters that are invalid in a URL. The rest keeps its spelling. If the route's prefix is removed, the
-- cluster's metadata has its length and its replacement.
--
-- The control plane puts a constant before this text: ROUTE_HEADER, the name of the header with that metadata, or nil.

local function escaped(path)
  return (path:gsub('["<>`{}]', function(char) return ("%%%02X"):format(char:byte()) end))
end

local function resolved(path)
  local kept, dots = {}, false
  for segment in (path:gsub("\\", "/") .. "/"):gmatch("([^/]*)/") do
    local plain = segment:gsub("%%2[eE]", ".")
    dots = plain == "." or plain == ".."
    if plain == ".." then
      -- kept[1] is the empty string before the leading slash
      if #kept > 1 then kept[#kept] = nil end
    elseif not dots then
      kept[#kept + 1] = segment
    end
  end
  -- A dot segment at the end stands for a directory.
  if dots then kept[#kept + 1] = "" end
  return table.concat(kept, "/")
end

-- The path without its first bytes, counted in the decoded path, in which the prefix was matched.
local function after(path, bytes)
  if bytes == 0 then return path end
  path = path:gsub("^/+", "/")
  local at = 1
  for _ = 1, bytes do
    at = at + (path:find("^%%%x%x", at) and 3 or 1)
  end
  local rest = path:sub(at)
  -- The slash that ended the prefix may have been an escaped one.
  if rest ~= "" and rest:sub(1, 1) ~= "/" then rest = "/" .. rest end
  return rest
end

function envoy_on_request(handle)
  local headers = handle:headers()
  local path, query = (headers:get(":path") or "/"):match("^([^?]*)(.*)$")
  local changed = escaped(resolved(path))
  local route = ROUTE_HEADER and headers:get(ROUTE_HEADER)
  if route then
    headers:remove(ROUTE_HEADER)
    local bytes, before = route:match("^(%d+) (.*)$")
    changed = before .. after(changed, tonumber(bytes))
    if changed == "" then changed = "/" end
  end
  if changed ~= path then headers:replace(":path", changed .. query) end
end
