-- Ends a refusal of a websocket that says `Connection: Upgrade`. Envoy takes the rest of that connection for the new
-- protocol, so the answer would never end, and over HTTP/2 its chunks would show. An answer without a status is one that
-- Envoy replaces by an error of its own.

function envoy_on_response(handle)
  local headers = handle:headers()
  if headers:get(":status") == "101" then return end
  local connection = headers:get("connection")
  if connection and connection:lower():find("upgrade", 1, true) then headers:remove(":status") end
end
