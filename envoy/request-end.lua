-- Marks an upload as complete when its last byte has come; one without a body is complete at once, before it is routed.
-- Until then it has a place among the uploads.
--
-- The control plane puts two constants before this text: KEY, the filter state that is the mark, and HEADERS_LIMIT, how
-- many bytes headers may have.

function envoy_on_request(handle)
  local bytes = header_bytes(handle)
  if bytes >= HEADERS_LIMIT then return handle:respond({ [":status"] = "431" }) end
  local place = enter(handle, 1)
  if not place then return refuse(handle) end
  for _ in handle:bodyChunks() do end
  leave(place)
  handle:streamInfo():filterState():set(KEY, "envoy.string", tostring(bytes))
  handle:clearRouteCache()
  -- Looks at the route, and so has Envoy choose it again: by now one that waits for its answer as long as it takes.
  handle:metadata()
end
