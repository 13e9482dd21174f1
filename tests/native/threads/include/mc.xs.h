#pragma once
enum { xsID_onActivity, xsID_from, xsID_rssi, xsID_length, xsID_bytes, xsID_frameBytes, xsID_to, xsID_acked, xsID_received, xsID_whileClosed, xsID_ringFull, xsID_tooLong, xsID_notForUs, xsID_joiningCalls, xsID_statusFull, xsID_postFailed };
