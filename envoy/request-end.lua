-- Marks an upload as complete when its last byte has arrived; a request without a body is complete at once, before it is
-- routed. Until then it has a place among the uploads.
--
-- The control plane puts two constants before this text: KEY, the filter state used as the mark, and HEADERS_LIMIT, how
-- many bytes headers may have.

function envoy_on_request(handle)
  local bytes = header_bytes(handle)
  if bytes >= HEADERS_LIMIT then return handle:respond({ [":status"] = "431" }) end
  local place = enter(handle, 1)
  if not place then return refuse(handle) end
  for _ in handle:bodyChunks() do end
  leave(handle, place)
  handle:streamInfo():filterState():set(KEY, "envoy.string", tostring(bytes))
  handle:clearRouteCache()
  -- Reads the route, so that Envoy chooses it again: now one that waits for the answer without a limit.
  handle:metadata()
end
