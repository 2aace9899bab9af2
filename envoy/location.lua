-- Rewrites the Location of a redirect to the target itself, which the client may not be able to reach.
--
-- The control plane puts three constants before this text: TARGET_HEADER, the name of the header with the target's host
-- and port as in a URL; AUTO_REWRITE, whether the host is replaced by that of the request; PROTOCOL, the new scheme, or
-- nil.

local NAMESPACE = "configurable_envoy_proxy.location"
local STATUSES = { ["201"] = true, ["301"] = true, ["302"] = true, ["307"] = true, ["308"] = true }
local PORTS = { http = ":80", https = ":443" }

-- Host and port in the form for comparing: in lower case, and without the scheme's default port.
local function normal(scheme, authority)
  authority = authority:lower()
  local port = PORTS[scheme:lower()]
  if port and authority:sub(-#port) == port then authority = authority:sub(1, -#port - 1) end
  return authority
end

function envoy_on_request(handle)
  local headers = handle:headers()
  local target = headers:get(TARGET_HEADER)
  if not target then return end
  headers:remove(TARGET_HEADER)
  local metadata = handle:streamInfo():dynamicMetadata()
  metadata:set(NAMESPACE, "target", target)
  metadata:set(NAMESPACE, "host", headers:get(":authority") or "")
end

function envoy_on_response(handle)
  local headers = handle:headers()
  local location = headers:get("location")
  if not location or not STATUSES[headers:get(":status")] then return end
  local request = handle:streamInfo():dynamicMetadata():get(NAMESPACE)
  local scheme, authority, rest = location:match("^(%a[%w+.-]*)://([^/?#]*)(.*)$")
  if not request or not scheme or normal(scheme, authority) ~= request.target then return end
  if AUTO_REWRITE and request.host ~= "" then authority = request.host end
  if rest:sub(1, 1) ~= "/" then rest = "/" .. rest end
  headers:replace("location", (PROTOCOL or scheme) .. "://" .. authority .. rest)
end
