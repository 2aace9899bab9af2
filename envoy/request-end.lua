-- Marks a request as complete when its last byte has come; one without a body is complete at once, before it is routed.
--
-- The control plane puts two constants before this text: KEY, the filter state that is the mark, and HEADERS_LIMIT, how
-- many bytes headers may have.

function envoy_on_request(handle)
  local bytes = 0
  for name, value in pairs(handle:headers()) do bytes = bytes + #name + #value end
  if bytes >= HEADERS_LIMIT then return handle:respond({ [":status"] = "431" }) end
  for _ in handle:bodyChunks() do end
  handle:streamInfo():filterState():set(KEY, "envoy.string", tostring(bytes))
  handle:clearRouteCache()
  -- Looks at the route, and so has Envoy choose it again: by now one that waits for its answer as long as it takes.
  handle:metadata()
end
