-- Puts the error target's page in the place of the built-in one in replies of Envoy's own, which are marked
-- with the path that was asked for. If there is no page, the built-in one stays.
--
-- The control plane puts its constants before this text.

-- As a form encodes it, which is how CHP does: the hub decodes it again.
local function escaped(text)
  return (text:gsub("[^%w*._-]", function(byte) return ("%%%02X"):format(byte:byte()) end))
end

-- A flood of failures is no flood of lines: one a minute from each worker.
local quiet_until = 0
local function warn_of(response, reason)
  if os.time() < quiet_until then return end
  quiet_until = os.time() + 60
  response:logWarn("The error target gives no page, so users get the built-in one: " .. reason)
end

function envoy_on_response(response)
  local headers = response:headers()
  local path = headers:get(FAILED_PATH_HEADER)
  if not path then return end
  headers:remove(FAILED_PATH_HEADER)
  local status = headers:get(":status")
  -- It can't be had later, if it has come by then.
  response:body()

  -- Nothing of the user's request but its path: no cookies, no Authorization.
  local answer, page = response:httpCall(ERROR_TARGET, {
    [":method"] = "GET",
    [":path"] = BEFORE_STATUS .. status .. BEFORE_PATH .. escaped(path) .. AFTER_PATH,
    [":authority"] = AUTHORITY,
  }, nil, { timeout_ms = TIMEOUT_MS, send_xff = false })
  -- Whatever the status of the answer: some servers give error pages the status of the error.
  if not answer[ANSWERED_HEADER] then return warn_of(response, page or "status " .. answer[":status"]) end
  if not page then return warn_of(response, "it answered status " .. answer[":status"] .. " without a body") end

  -- What was at hand before the call is not any longer.
  headers = response:headers()
  for _, name in ipairs({ "content-type", "content-encoding" }) do
    if answer[name] then headers:replace(name, answer[name]) else headers:remove(name) end
  end
  -- There is none in the answer to a HEAD request.
  local body = response:body()
  if body then body:setBytes(page) else headers:replace("content-length", tostring(#page)) end
end
