-- Takes a place for a request that waits until its body is complete. Its charge is the memory that it uses.
--
-- The control plane puts a constant before this text: STREAM_BYTES, what any request uses in addition to headers and body.

function envoy_on_request(handle)
  -- Without a length it normally has no body.
  local length = handle:headers():get("content-length")
  local body = length and tonumber(length) or 0
  if length and body == 0 then return end
  local place = enter(handle, STREAM_BYTES + header_bytes(handle) + body)
  if not place then return refuse(handle) end
  for _ in handle:bodyChunks() do end
  leave(handle, place)
end
